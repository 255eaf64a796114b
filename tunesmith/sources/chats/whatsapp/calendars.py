"""The numbers of a date in any usual calendar -> the day, counted since 1970.

Years tell the calendar: 2567 and 67 are Buddhist, 1403 Persian, 1446 Hijri, 113 of the Republic of
China, 6 of an era of Japan. Persian and Hijri days are counted by the mean year, which may err by
one day at the turn of a year or month; what matters in chats is how much time passed between two.
"""

import datetime
from collections.abc import Sequence
from typing import Literal

DateOrder = Literal["dmy", "mdy", "ymd"]
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_PERSIAN_EPOCH = 226_894  # 19 March 622, as Python counts days
_HIJRI_EPOCH = 227_014  # 16 July 622
_PERSIAN_YEARS = range(1350, 1430)
_HIJRI_YEARS = range(1430, 1500)
_BUDDHIST_YEARS = range(2500, 2700)
_SHORT_BUDDHIST_YEARS = range(52, 100)  # 2009, when WhatsApp began, and later
_REPUBLIC_YEARS = range(100, 200)


def day_number(numbers: Sequence[int], month: int | None, order: DateOrder) -> int | None:
    """The day of a date; None where there is none.

    Args:
        numbers: Day, month and year as `order` says; day and year where `month` is known, of
            which the first is the year only where it can be no day.
        month: As a name says.
        order: Of the numbers.
    """
    if month is not None:
        first, second = numbers
        day, year = (second, first) if first > 31 else (first, second)
    elif order == "ymd":
        year, month, day = numbers
    else:
        day, month, year = numbers if order == "dmy" else (numbers[1], numbers[0], numbers[2])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _days(year, month, day)


def _days(year: int, month: int, day: int) -> int | None:
    if year in _PERSIAN_YEARS:
        into_year = 31 * (month - 1) - max(0, month - 7) + day
        return _PERSIAN_EPOCH + int((year - 1) * 365.2422) + into_year - _EPOCH
    if year in _HIJRI_YEARS:
        into_year = int(29.5 * (month - 1) + 0.5) + day
        return _HIJRI_EPOCH + int((year - 1) * 354.36667) + into_year - _EPOCH
    try:
        return datetime.date(_gregorian(year), month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def _gregorian(year: int) -> int:
    if year in _BUDDHIST_YEARS:
        return year - 543
    if year in _REPUBLIC_YEARS:
        return year + 1911
    if year in _SHORT_BUDDHIST_YEARS:
        return year + 2500 - 543
    if year < 100:
        return year + 2000
    return year if 1900 <= year < 2200 else 0  # no such year, which `date` refuses
