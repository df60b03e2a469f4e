"""Score folders as small as can be."""

from tfuq.data.writers import write_csv, write_json


def scores(folder, method, dice, cases=None, samples=None, **more):
    ids = cases or [f"c{i:02d}" for i in range(len(dice))]
    rows = [
        {"case": c, "class": "all", "dice": d, **{k: v[i] for k, v in more.items()}}
        for i, (c, d) in enumerate(zip(ids, dice, strict=False))
    ]
    write_csv(folder / "cases.csv", rows)
    write_json(
        folder / "summary.json",
        {"method": method} | ({} if samples is None else {"samples": samples}),
    )
    return folder
