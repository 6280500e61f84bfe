"""A second opinion on schedules: prints, as one JSON object, what cronsim and Python's zoneinfo say.

    python3 cron_oracle.py SEED CASES YEARS

zones    the zone files that were used, in base64, by name: all that this machine has
offsets  for each zone pairs of a moment and the offset of its clocks
cases    CASES times a random expression in a random zone, the ticks after a random moment, and those before it
years    YEARS times a random expression in each of four zones, and all its ticks of a year

Moments are seconds since 1970. The expressions keep to what both sides know alike: cronsim has no `?`, `15W` and `L-3`,
reads `5-5/2` as `5/2`, and goes on to a Sunday as 7 in `3/2` of the weekdays. cronsim decides by the first characters of
the minutes and hours which expressions follow the time that really passes; here those do that match each hour of the day,
and it is told so.
"""

import base64
import datetime
import importlib.resources
import json
import pathlib
import random
import sys
import zoneinfo

from cronsim import CronSim, CronSimError

UTC = datetime.timezone.utc
TICKS = 12
#: Earlier, some clocks were off by parts of a minute; later, cronsim might look past the last scheduled year.
FIRST, LAST = (int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1975, 2150))
END = int(datetime.datetime(2200, 1, 1, tzinfo=UTC).timestamp())
YEAR_ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"]
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()


def zone_file(name: str) -> bytes:
    """The file that zoneinfo takes."""
    for folder in zoneinfo.TZPATH:
        path = pathlib.Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    return importlib.resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()


def at(seconds: int, zone: datetime.tzinfo) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, UTC).astimezone(zone)


def offset(seconds: int, zone: datetime.tzinfo) -> int:
    return int(at(seconds, zone).utcoffset().total_seconds())


def offsets(chance: random.Random, zone: datetime.tzinfo) -> list[tuple[int, int]]:
    """At random moments, and on both sides of each change of two years."""
    moments = [chance.randrange(0, END) for _ in range(40)]
    for year in (chance.randrange(1970, 2037), chance.randrange(2037, 2199)):
        start = int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp())
        for day in range(start, start + 366 * 86400, 86400):
            low, high = day, day + 86400
            if offset(low, zone) == offset(high, zone):
                continue
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle, zone) == offset(low, zone) else (low, middle)
            moments += [low, high]
    return [(moment, offset(moment, zone)) for moment in moments]


def field(chance: random.Random, low: int, high: int, open_one_in: int, words: list[str] | None = None) -> str:
    if chance.randrange(open_one_in) == 0:
        return "*"
    first = chance.randint(low, high)
    second = chance.randint(first, high)
    kind = chance.randrange(7)
    if kind == 0:
        return f"*/{chance.randint(2, 7)}"
    if kind == 1:
        return f"{first}-{second}"
    if kind == 2 and first < second:
        return f"{first}-{second}/{chance.randint(1, 5)}"
    if kind == 3:
        return f"{first},{second}"
    if kind == 4:
        return f"{second},{first}-{second}"
    if kind == 5 and words and low <= first < low + len(words):
        return chance.choice([str.lower, str.upper])(words[first - low])
    return str(first)


def expression(chance: random.Random) -> str:
    minute, hour = field(chance, 0, 59, 4), field(chance, 0, 23, 3)
    day, month = field(chance, 1, 31, 2), field(chance, 1, 12, 2, MONTHS)
    weekday = field(chance, 0, 7, 2, WEEKDAYS)
    special = chance.randrange(16)
    if special == 0:
        day = chance.choice(["L", "LW", f"{chance.randint(1, 31)},L"])
    elif special == 1:
        weekday = f"{chance.randint(0, 7)}L"
    elif special == 2:
        weekday = f"{chance.choice(WEEKDAYS)}#{chance.randint(1, 5)},{chance.randint(0, 7)}#{chance.randint(1, 5)}"
    return f"{minute} {hour} {day} {month} {weekday}"


def simulation(text: str, start: datetime.datetime, reverse: bool) -> CronSim | None:
    """None for an expression whose days never come."""
    try:
        simulation = CronSim(text, start, reverse=reverse)
    except CronSimError:
        return None
    if simulation.hours == set(range(24)):
        simulation.fixup_tz, simulation.dt = None, start
        # With one minute only, cronsim jumps to it, and over one that half an hour of repeated time shows before.
        simulation.minutes = simulation.minutes | {99}
    else:
        simulation.fixup_tz, simulation.dt = start.tzinfo, start.replace(tzinfo=None, fold=0)
    return simulation


def ticks(text: str, start: int, zone: datetime.tzinfo, count: int, end: int, reverse: bool = False) -> list[int]:
    found: list[int] = []
    for tick in simulation(text, at(start, zone), reverse) or []:
        seconds = int(tick.timestamp())
        if len(found) == count or (seconds < 0 if reverse else seconds >= end):
            break
        found.append(seconds)
    return found


def is_told_twice(seconds: int, zone: datetime.tzinfo) -> bool:
    """While an hour is repeated, cronsim does not know which of the two it is in."""
    wall = at(seconds, zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def case(chance: random.Random, zones: dict[str, datetime.tzinfo]) -> dict:
    name = chance.choice(sorted(zones))
    text, start = expression(chance), chance.randrange(FIRST, LAST)
    # Half of the cases are close to a change of the clocks, if the zone has one within a year.
    if chance.randrange(2) == 0:
        days = (day for day in range(start, start + 366 * 86400, 86400))
        changes = (day for day in days if offset(day, zones[name]) != offset(day + 86400, zones[name]))
        start = next(changes, start)
    while is_told_twice(start, zones[name]):
        start += 3600
    return {
        "expression": text,
        "zone": name,
        "moment": start,
        "next": ticks(text, start, zones[name], TICKS, END),
        "previous": ticks(text, start, zones[name], TICKS, END, reverse=True),
    }


def year(chance: random.Random, name: str, zone: datetime.tzinfo) -> dict:
    start = int(datetime.datetime(chance.randrange(2000, 2100), 1, 1, tzinfo=UTC).timestamp())
    end = start + 365 * 86400
    while True:
        text = expression(chance)
        found = ticks(text, start - 1, zone, 3000, end)
        if len(found) < 3000:
            return {"expression": text, "zone": name, "start": start, "end": end, "ticks": found}


def main() -> None:
    seed, cases, years = (int(argument) for argument in sys.argv[1:4])
    chance = random.Random(seed)
    names = sorted(zoneinfo.available_timezones())
    zones = {name: zoneinfo.ZoneInfo(name) for name in names}
    told = {
        "zones": {name: base64.b64encode(zone_file(name)).decode() for name in names},
        "offsets": {name: offsets(chance, zones[name]) for name in names},
        "cases": [case(chance, zones) for _ in range(cases)],
        "years": [year(chance, name, zones[name]) for _ in range(years) for name in YEAR_ZONES],
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
