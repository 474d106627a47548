package main

import (
	"fmt"
	"math/rand"
	"strings"
	"time"
)

type cronCase struct{ expression, from string }

// summer is an ordinary instant in the middle of a minute, for cases where the date does not matter.
const summer = "2026-08-21T10:07:30.25Z"

var starts = []string{summer, "2027-12-31T23:59:59Z", "2024-02-28T00:00:00Z"}

// plain is asked without a zone from every start.
var plain = strings.Split(strings.TrimSpace(`
* * * * *
0 */2 * * *
*/5 * * * *
0 0 * * *
30 3 * * 1-5
0 0 1 * *
0 0 31 * *
0 0 29 2 *
0 0 30 2 *
0 0 31 2 *
0 0 31 4,6,9,11 *
0 0 13 * 5
0 0 13 * */2
0 0 */2 * 1
0 0 */1 * 1
0 0 * * 1
0 0 ? * 1
0 0 1-31 * 1
0 0 29 2 1
0 0 1 1 ?
? ? ? ? ?
0 12 * JAN *
0 12 * jan-mar,DEC MON
0 0 * * Sun,tUE
0 0 * * sun-sat
*/90 * * * *
59/1 * * * *
7/13 */7 * * *
10-50/20 1-22/7 * * *
5,10,15 8,20 * * *
*-5 * * * *
*-x/20 * * * *
*-1-2-3 3 * * *
+1 +2 * * *
*/+5 * * * *
1, * * * *
,1,,2 * * * *
, * * * *
* , * * *
* * , * *
* * * , *
* * * * ,
* * , * ,
* * , * 1
0 0 1 * ,
01 02 03 04 05
00 00 1 1 0
0 0 1-7 * MON
0 23 28-31 * *
@yearly
@annually
@monthly
@weekly
@daily
@midnight
@hourly
@every 1h
@every 1h30m10s
@every 1.5h
@every 500ms
@every 1999ms
@every -1h
@every 0
@every 100000h
`), "\n")

// single is asked once: mostly refusals.
var single = append(strings.Split(strings.TrimSpace(`
*
* * *
* * * *
* * * * * *
0 0 * * * 2030
0 0 * * * *
60 * * * *
* 24 * * *
* * 0 * *
* * 32 * *
* * * 0 *
* * * 13 *
* * * * 7
* * * * 6-7
* * * * 0-7
* * * * 8
-1 * * * *
* * -1 * *
5-1 * * * *
* 22-3 * * *
* * * DEC-JAN *
* * * * FRI-MON
1-2-3 * * * *
1/2/3 * * * *
*/2/3 * * * *
*/0 * * * *
1-5/0 * * * *
*/-2 * * * *
*/x * * * *
*/ * * * *
/5 * * * *
- * * * *
1- * * * *
-5-6 * * * *
1--2 * * * *
x * * * *
x-1-2 * * * *
1-x * * * *
1-x-2 * * * *
70/x * * * *
70/1/1 * * * *
70/0 * * * *
** * * * *
*5 * * * *
?? * * * *
1.5 * * * *
1_0 * * * *
0x1 * * * *
1e1 * * * *
+ * * * *
++1 * * * *
99999999999999999999 * * * *
*/99999999999999999999 * * * *
*/-99999999999999999999 * * * *
*/9223372036854775807 * * * *
1-9223372036854775807 * * * *
0 0 L * *
0 0 LW * *
0 0 15W * *
0 0 * * 5L
0 0 * * 5#3
0 0 * * FRIDAY
0 0 * JANUARY *
0 0 JAN * *
0 0 * MON *
JAN * * * *
0 0 * * XYZ
0 H * * *
H H * * *
0 0 1;2 * *
0 0 1|2 * *
@
@ daily
@Daily
@DAILY
@daily x
@reboot
@every
@every 1d
@every 1
@every 1h x
@every x
@Every 1h
@every1h
@every_minute
TZ=UTC
CRON_TZ=Asia/Tokyo
CRON_TZ=
TZ=Mars/Base 0 0 * * *
CRON_TZ=Mars/Base @daily
CRON_TZ=europe/berlin 0 0 * * *
CRON_TZ=utc 0 0 * * *
CRON_TZ=CEST 0 0 * * *
CRON_TZ=+02:00 0 0 * * *
CRON_TZ=UTC+2 0 0 * * *
cron_tz=UTC 0 0 * * *
tz=UTC 0 0 * * *
 TZ=UTC 0 0 * * *
TZ=UTC TZ=UTC 0 0 * * *
TZ=UTC
TZ=UTC 0 0 * *
TZ=UTC @Daily
TZ=UTC @every x
TZ= 0 0 * * *
TZ=Local 0 0 * * *
TZ=UTC 0 0 * * *
TZ=UTC    0   0 * * *
TZ=UTC @every 2h
CRON_TZ=Europe/Berlin @every 90m
CRON_TZ=Europe/Berlin @daily
CRON_TZ=EST5EDT 0 9 * * *
CRON_TZ=US/Pacific 0 9 * * *
CRON_TZ=Etc/GMT+12 0 9 * * *
CRON_TZ=GMT 0 9 * * *
CRON_TZ=Etc/UTC 0 9 * * *
CRON_TZ=Etc/Unknown 0 9 * * *
CRON_TZ=Factory 0 9 * * *
CRON_TZ="UTC" 0 9 * * *
'0 0 * * *'
"0 0 * * *"
0 0 * * * # midnight
every day
none
`), "\n"),
	"", " ", "\t", "\n", "@daily ", " @daily", "@every  1h", "@every 1h ", "TZ=UTC ", "TZ=UTC @daily ",
	"TZ=UTC\t0 0 * * *", "TZ=UTC \t0 0 * * *\n", "0\t0\t*\t*\t*", "  0 0 * * *  ", "0 0 * * *\n",
	"0\u00a00 *\u2003* *", "\u0663 0 * * *", "0 0 * * \u00e9")

// change is a zone with instants shortly before its clock changes.
type change struct {
	zone string
	from []string
}

// All before 2025: later rules differ between releases of the time zone database.
var changes = []change{
	{"America/New_York", []string{"2024-03-09T12:00:00Z", "2024-11-02T12:00:00Z"}},
	{"Europe/Berlin", []string{"2024-03-30T12:00:00Z", "2024-10-26T12:00:00Z"}},
	{"Europe/London", []string{"2024-03-30T20:00:00Z", "2024-10-26T20:00:00Z"}},
	{"Europe/Dublin", []string{"2023-03-25T20:00:00Z", "2023-10-28T20:00:00Z"}},
	{"Australia/Lord_Howe", []string{"2024-04-06T00:00:00Z", "2024-10-05T00:00:00Z"}},
	{"America/Sao_Paulo", []string{"2018-02-17T12:00:00Z", "2018-11-03T12:00:00Z"}},
	{"Africa/Cairo", []string{"2024-04-25T12:00:00Z", "2024-10-31T12:00:00Z"}},
	{"America/Havana", []string{"2024-03-09T12:00:00Z", "2024-11-02T12:00:00Z"}},
	{"Asia/Beirut", []string{"2024-03-30T12:00:00Z"}},
	{"America/Santiago", []string{"2024-04-06T12:00:00Z", "2024-09-07T12:00:00Z"}},
	{"America/St_Johns", []string{"2010-03-13T12:00:00Z", "2024-11-02T12:00:00Z"}},
	{"Asia/Tehran", []string{"2022-03-21T12:00:00Z"}},
	{"Africa/Casablanca", []string{"2024-03-09T12:00:00Z", "2024-04-13T12:00:00Z"}},
	{"Antarctica/Troll", []string{"2024-03-30T12:00:00Z"}},
	{"Pacific/Chatham", []string{"2024-04-06T00:00:00Z", "2024-09-28T00:00:00Z"}},
	{"Pacific/Apia", []string{"2012-03-30T12:00:00Z", "2024-08-21T10:00:00Z"}},
	{"Pacific/Kiritimati", []string{"2024-08-21T10:00:00Z"}},
	{"Asia/Kathmandu", []string{"2024-08-21T10:00:00Z"}},
}

var changeFields = []string{
	"0 0 * * *", "30 0 * * *", "30 1 * * *", "0 2 * * *", "30 2 * * *", "15 */3 * * *", "*/30 0-3 * * *",
	"@daily", "@hourly", "@weekly", "@monthly", "0 0 * * 0",
}

// hanging is where robfig searches for ever: the zone skipped 30 December 2011.
var hanging = []cronCase{
	{"CRON_TZ=Pacific/Apia @monthly", "2011-12-15T00:00:00Z"},
	{"CRON_TZ=Pacific/Apia 0 0 31 12 *", "2011-12-15T00:00:00Z"},
}

func cases() []cronCase {
	var all []cronCase
	for _, expression := range plain {
		for _, from := range starts {
			all = append(all, cronCase{expression, from})
		}
	}
	for _, expression := range single {
		all = append(all, cronCase{expression, summer})
	}
	for _, c := range changes {
		for _, from := range c.from {
			for _, fields := range changeFields {
				all = append(all, cronCase{"CRON_TZ=" + c.zone + " " + fields, from})
			}
		}
	}
	all = append(all, randomCases(rand.New(rand.NewSource(20260821)), 250)...)
	return append(all, hanging...)
}

func randomCases(r *rand.Rand, count int) []cronCase {
	var all []cronCase
	for range count {
		fields := make([]string, 5)
		for i, b := range [][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}} {
			fields[i] = randomField(r, b[0], b[1])
		}
		expression := strings.Join(fields, " ")
		// From 2013, after the day Apia skipped; to 2037, but with a zone only to 2020 (runs may be years later).
		years := int64(24)
		if r.Intn(2) == 0 {
			years = 7
			expression = "CRON_TZ=" + changes[r.Intn(len(changes))].zone + " " + expression
		}
		from := time.Unix(1356998400+r.Int63n(years*365*86400), r.Int63n(2)*500_000_000).UTC()
		all = append(all, cronCase{expression, from.Format(time.RFC3339Nano)})
	}
	return all
}

// randomField is mostly valid; one in sixty values is out of bounds.
func randomField(r *rand.Rand, low, high int) string {
	number := func() int {
		if r.Intn(60) == 0 {
			return high + 1
		}
		return low + r.Intn(high-low+1)
	}
	var items []string
	for range 1 + r.Intn(2)*r.Intn(3) {
		a, b := number(), number()
		switch r.Intn(7) {
		case 0, 1, 2:
			items = append(items, "*")
		case 3:
			items = append(items, fmt.Sprint(a))
		case 4:
			items = append(items, fmt.Sprintf("%d-%d", min(a, b), max(a, b)))
		case 5:
			items = append(items, fmt.Sprintf("*/%d", 1+r.Intn(high)))
		case 6:
			items = append(items, fmt.Sprintf("%d/%d", a, 1+r.Intn(9)))
		}
	}
	return strings.Join(items, ",")
}

func durations() []string {
	all := strings.Split("0|+0|-0|00|0s|-0s|5s|30s|1478s|-5s|+5s|5.0s|5.6s|5.|5.s|.5s|1.0s|1.00s|1.004s|1.0040s|100.00100s|"+
		"10ns|11us|12µs|12μs|13ms|14s|15m|16h|720h|720h0m0s|2h0m0s|1m30s|3h30m|10.5s4m|-2m3.4s|1h2m3s4ms5us6ns|"+
		"39h9m14.425s|52763797000ns|0.3333333333333333333h|0.100000000000000000000h|0.830103483285477580700h|"+
		"9007199254740993ns|9223372036854775807ns|9223372036854775808ns|-9223372036854775807ns|"+
		"-9223372036854775808ns|-9223372036854775809ns|9223372036854775.807us|9223372036854775.808us|"+
		"9223372036s854ms775us807ns|9223372036854ms775us808ns|-9223372036854775.808us|"+
		"-9223372036854ms775us808ns|-2562047h47m16.854775808s|2562047h47m16.854775807s|"+
		"2562047h47m16.854775808s|2562048h|3000000h|-3000000h|9223372036854775808ns9223372036854775808ns|"+
		"-9223372036854775808ns9223372036854775808ns|9223372036854775808ns9223372036854775807ns|"+
		"00000000000000000000000000001s|0.00000000000000000000000000001s|0.9999999999999999999999s|"+
		"9223372036854775810s|18446744073709551616ns|18446744073709551617ns|1e3s|1_000s|0x10s|1h 30m|1 h|"+
		" 1h|1h |1H|1M|1S|1d|1w|1y|1day|1min|1sec|1hr|1hour|3|3000|-|+|s|m|.|-.|.s|-.s|+.s|++1s|--1s|-+1s|1-s|"+
		"1s-1s|1h-30m|1.5.5s|1..5s|1,5s|1h30|30m1|1h.5|1.h|.1.s|1ns1|1µ|1u|1n|1msm|1mm|1sm|1hs|1ms1ms|"+
		"inf|nan|∞s|1é|é1s|١s|1s\u00a0|P1D|PT1H|1:30|01:30:00|1h\n|1m0.5s|59.9999999999s|0.5ns|0.999us|1.9999us|"+
		"0.001ms|1.0000001h|0.1h|0.7h|1.1m|1.01m|123456789ns|999999999ns|1000000000ns|1000000001ns|999ns|1000ns|"+
		"1001ns|999999ns|1000000ns|60s|3600s|3601s|86400s|1h0m0.000000001s|100ms|0.1s|8760h", "|")
	all = append(all, "")
	r := rand.New(rand.NewSource(7))
	for range 40 {
		all = append(all, time.Duration(r.Int63()>>r.Intn(63)).String())
		all = append(all, fmt.Sprintf("%d.%0*dh%d.%dm", r.Intn(100), 1+r.Intn(22), r.Int63(), r.Intn(999), r.Intn(999999)))
	}
	return all
}
