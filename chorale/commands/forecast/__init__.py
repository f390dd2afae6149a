"""`chorale forecast`: recurrent and convolutional networks on time series."""

from __future__ import annotations

from chorale.commands.lazy import lazy_family

family = lazy_family(
    __name__,
    "Forecast time series, synthetic or your own, with every network.",
    {
        "run": "Train networks; print their errors beside baselines and the best "
        "possible.",
        "plot": "Plot series, forecasts with error bars, learning curves and errors to "
        "PNG files.",
        "memory": "Measure how many steps back each network recalls a value: 10 to "
        "3,000.",
        "gradients": "Measure how gradients vanish and explode through time.",
    },
)
