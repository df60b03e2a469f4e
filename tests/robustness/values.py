"""Values that programs stumble over, as JSON and YAML have them and as cells of a table."""

VALUES = (
    None, True, False, 0, 1, -1, 2, 7, 255, 32768, 2**31, -(2**31), 2**63, 10**9, 10**30, 10**400,
    0.0, 0.5, -0.5, 1e-300, 1e308, -1e308, float("nan"), float("inf"), float("-inf"),
    "", "x", "0", "all", "nan", "a\nb", "$\\frac$", "$", "../../x", "/dev/zero", "\x00", "\x1b[2J", "é", "\ud800", "a" * 300,
    [], {}, [[]], [None], {"": None}, {"x": {"y": []}}, [0], ["x", "x"], [1e308, -1e308],
)  # fmt: skip
CELLS = (
    "", "nan", "inf", "-inf", "1e400", "0", "1", "-1", "0.5", "1e308", "-1e308", "1e-300", "1_000", "9" * 400, "x", "all",
    ".", "..", "/", "none", "$\\frac$", "$", "a\nb", 'a"b', "a,b", "=1+1", "'", "\x00", "\x1b[2J", "é", "../x", "True", " 1", "a" * 300,
)  # fmt: skip
