//! Mishaps that come by chance, the same chance for the same seed.

use super::Mishap;

/// Every so many requests meet a mishap.
const ONE_IN: u64 = 4;

/// Draws mishaps until all have happened.
#[derive(Debug)]
pub(super) struct Dice {
    state: u64,
    left: usize,
    mishaps: Vec<Mishap>,
}

impl Dice {
    pub(super) fn new(seed: u64, times: usize, mishaps: &[Mishap]) -> Self {
        Self { state: seed, left: times, mishaps: mishaps.to_vec() }
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The mishap for a request, if it meets one.
    pub(super) fn draw(&mut self, path: &str) -> Option<Mishap> {
        if self.left == 0 || path.contains("/leases") || !self.next().is_multiple_of(ONE_IN) {
            return None;
        }
        self.left -= 1;
        let count = u64::try_from(self.mishaps.len()).ok()?;
        let index = self.next().checked_rem(count)?;
        self.mishaps.get(usize::try_from(index).ok()?).copied()
    }

    /// The next number of the sequence called SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_mishaps_and_leases_are_spared() {
        let draws = |path: &str| {
            let mut dice = Dice::new(7, 5, &[Mishap::Cut, Mishap::Answer(500)]);
            (0..60).map(|_| dice.draw(path)).collect::<Vec<_>>()
        };
        assert_eq!(draws("/backups"), draws("/backups"));
        assert_eq!(draws("/backups").into_iter().flatten().count(), 5);
        assert_eq!(draws("/leases/x").into_iter().flatten().count(), 0);
    }
}
