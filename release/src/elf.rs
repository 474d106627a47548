//! Whether a Linux program needs nothing but the kernel.

/// The program header that names a dynamic loader.
const INTERPRETER: u32 = 3;

/// True for a 64-bit little-endian ELF program that asks for no dynamic loader, as a static one does not.
pub fn is_static(program: &[u8]) -> bool {
    program.starts_with(b"\x7fELF\x02\x01") && !header_types(program).contains(&INTERPRETER)
}

fn header_types(program: &[u8]) -> Vec<u32> {
    let number = |at: usize, size: usize| {
        let bytes = program.get(at..at.saturating_add(size)).unwrap_or_default();
        bytes.iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let (start, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).filter_map(|index| u32::try_from(number(start + index * size, 4)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with one program header of this type right behind it.
    fn program(kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[32], bytes[54], bytes[56], bytes[64]) = (64, 56, 1, kind);
        bytes
    }

    #[test]
    fn a_program_that_names_a_loader_is_not_static() {
        assert!(is_static(&program(1)));
        assert!(!is_static(&program(3)));
        assert!(!is_static(b"MZ"));
    }
}
