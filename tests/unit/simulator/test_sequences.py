"""What holds for any sequence of declarations of one worker."""

import copy
from datetime import date, timedelta
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

import support.properties  # noqa: F401 - loads the profile
from include.dimona_simulator import Registers, Settings, Timing
from include.dimona_simulator.model import Filing, Kind
from include.dimona_simulator.register import Register
from include.dimona_simulator.rules_span import interval
from include.dimona_simulator.storage import Lines, as_json, declarations

START = 1_773_129_600.0
"""10 March 2026, nine o'clock in Brussels."""
FIRST = date(2026, 3, 9)
_day_numbers = st.integers(0, 14)
_hours = st.sampled_from(["0600", "0900", "1200", "1800", "2300"])


def _day(number):
    return (FIRST + timedelta(days=number)).isoformat()


_days = _day_numbers.map(_day)


def _block(kind, **members):
    return st.fixed_dictionaries({}, optional=members).map(lambda block: {kind: block})


@st.composite
def _proper_ins(draw):
    """Draw an IN that is right in itself."""
    worker_type = draw(st.sampled_from(["OTH", "OTH", "STU", "EXT", "FLX", "DWD"]))
    start, length = draw(_day_numbers), draw(st.integers(0, 4))
    block = {
        "startDate": _day(start),
        "endDate": _day(start + length),
        "features": {"workerType": worker_type, "jointCommissionNumber": "XXX"},
    }
    match worker_type:
        case "STU":
            block["plannedHoursNumber"] = draw(st.integers(1, 400))
        case "EXT" | "FLX":
            begins, ends = sorted(draw(st.lists(_hours, min_size=2, max_size=2, unique=True)))
            block |= {"endDate": _day(start), "startHour": begins, "endHour": ends}
        case _ if length == 0:
            del block["endDate"]
    return {"dimonaIn": block}


_span = {"startDate": _days, "startHour": _hours, "endHour": _hours}
_odd_ins = st.fixed_dictionaries(
    {
        "startDate": _days,
        "features": st.sampled_from(["OTH", "STU", "EXT", "FLX", "O17", "T17", "A17", "ZZZ"]).map(
            lambda worker_type: {"workerType": worker_type, "jointCommissionNumber": "XXX"}
        ),
    },
    optional={"endDate": _days, "startHour": _hours, "endHour": _hours, "plannedHoursNumber": st.just(40)},
).map(lambda block: {"dimonaIn": block})
_outs = st.fixed_dictionaries({"endDate": _days}).map(lambda block: {"dimonaOut": block})
_updates = _block(
    "dimonaUpdate",
    **_span,
    endDate=_days | st.just("9999-12-31"),
    plannedHoursNumber=st.integers(1, 400),
)
_moves = st.one_of(
    st.fixed_dictionaries({"startDate": _days}),
    st.fixed_dictionaries({"endDate": _days | st.just("9999-12-31")}),
).map(lambda block: {"dimonaUpdate": block})
_cancels = st.just({"dimonaCancel": {}})
_steps = st.tuples(
    st.one_of(
        _proper_ins(), _proper_ins(), _proper_ins(), _odd_ins, _outs, _updates, _moves, _moves, _cancels
    ),
    st.integers(0, 6),  # which of the accepted INs so far a follow-up names
    st.sampled_from([0.0, 0.5, 3.0, 50.0, 86_400.0]),  # seconds until the next one
)
sequences = st.lists(_steps, min_size=1, max_size=14)
workers = st.sampled_from(
    [
        {"ssin": "93051822361"},
        {
            "familyName": "Peeters",
            "givenName": "An",
            "birthDate": "1990-05-17",
            "placeOfBirth": "Gent",
            "countryOfBirth": 150,
            "nationality": 150,
            "gender": "2",
            "address": {
                "street": "Kerkstraat",
                "houseNumber": "1",
                "postCode": "9000",
                "municipality": {"name": "Gent"},
                "country": 150,
            },
        },
    ]
)


def filed(register, steps, worker, store=None, before=()):
    """File a sequence, or what follows those filed *before*; gives all declarations."""
    made, now = list(before), START + sum(pause for _, _, pause in steps[: len(before)])
    for step, named, pause in steps[len(made) :]:
        body = copy.deepcopy(step)
        kind = next(iter(body))
        if kind == "dimonaIn":
            body |= {"employer": {"enterpriseNumber": "0477472701"}, "worker": worker}
        else:
            likely = [one.id for one in made if one.span and one.filing.kind is Kind.IN] or [656310000267]
            body[kind]["periodId"] = likely[named % len(likely)]
        declaration = register.draft(Filing.of(body), now)
        if store is not None:
            store.append(as_json(declaration))
        register.add(declaration)
        made.append(declaration)
        now += pause
    return made


def truth(register, made):
    """Give all that can be asked of a register."""
    periods = [register.period(declaration.id) for declaration in made]
    return [
        (declaration.id, declaration.stages, declaration.employer, declaration.ssin) for declaration in made
    ], [(period.id, period.history) for period in periods if period is not None]


@given(sequences, workers, st.sampled_from(["accepted", "refused"]))
def test_periods_never_overlap(steps, worker, duplicates):
    registers = Registers(student_duplicates=duplicates)
    register = Register(Settings(identified_after=20, registers=registers))

    made = filed(register, steps, worker)

    periods = [period for declaration in made if (period := register.period(declaration.id))]
    full = [
        period
        for period in periods
        if not period.latest.cancelled and (duplicates == "refused" or period.worker_type != "STU")
    ]
    for one, other in combinations(full, 2):
        (begins, ends), (starts, finishes) = interval(one.latest), interval(other.latest)
        assert not (begins < finishes and starts < ends)
        assert begins <= ends


@given(sequences, workers)
def test_numbers_increase_and_carry_their_check_digits(steps, worker):
    made = filed(Register(Settings()), steps, worker)

    assert all(earlier.id < later.id for earlier, later in pairwise(made))
    assert all(declaration.id % 100 == declaration.id // 100 % 97 for declaration in made)


@given(sequences, workers, st.integers(0, 14))
@settings(max_examples=50)
def test_a_restart_at_any_point_changes_nothing(tmp_path_factory, steps, worker, cut):
    known = Settings(identified_after=20)
    undisturbed = Register(known)
    expected = truth(undisturbed, filed(undisturbed, steps, worker))
    file = tmp_path_factory.mktemp("restart") / "declarations.jsonl"
    store = Lines(file)
    register = Register(known)
    filed(register, steps[:cut], worker, store)
    store.close()

    store, register = Lines(file), Register(known)
    restored = list(declarations(store))
    for declaration in restored:
        register.add(declaration)
    store.close()
    made = filed(register, steps, worker, before=restored)

    assert truth(register, made) == expected


@given(sequences, st.integers(0, 1000))
def test_how_long_processing_takes_changes_no_answer(steps, seed):
    worker = {"ssin": "93051822361"}
    at_once = filed(Register(Settings(timing=Timing(0, 0, 0))), steps, worker)

    slow = filed(Register(Settings(seed=seed, timing=Timing(2, 4, 0.3, 4, 45))), steps, worker)

    assert [declaration.final for declaration in slow] == [declaration.final for declaration in at_once]


@given(sequences, workers, st.integers(0, 1000))
def test_declarations_of_a_worker_are_processed_in_the_order_of_filing(steps, worker, seed):
    made = filed(Register(Settings(seed=seed, timing=Timing(2, 4, 0.3, 4, 45))), steps, worker)

    first_looks = [declaration.stages[0][0] for declaration in made if declaration.ssin is not None]
    assert first_looks == sorted(first_looks)


@given(sequences, workers)
def test_a_refused_declaration_leaves_everything_as_it_was(steps, worker):
    register = Register(Settings())
    made = filed(register, steps, worker)

    for declaration in made:
        period = register.period(declaration.id)
        if declaration.final.result in {"B", "S"}:
            assert declaration.span is None
            assert period is None
        elif declaration.filing.kind is Kind.IN:
            assert period is not None
            assert len(period.history) == 1 + sum(
                other.final.period_id == period.id and other.filing.kind is not Kind.IN for other in made
            )
