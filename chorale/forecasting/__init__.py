"""How well can a network forecast a time series?

The synthetic series come from a known random process, so the best possible forecast is
known too, and every network is measured against it.

    series.py           synthetic series, forecasting tasks, differencing, targets
    baselines.py        forecasts without a network: last value, linear, ARIMA …
    oracle.py           Bayes-optimal forecast: posterior mean by Metropolis sampling
    networks.py         recurrent, convolutional and attention networks
    layers.py           layers that only these networks use
    recipes.py          table of networks: architecture, training, published error
    training.py         training of one network; autoregressive forecasts; MC dropout
    jobs.py             one forecaster on one task, in this process or in parallel
    suite.py            all forecasters on all tasks, resumable
    results.py          mean squared errors, compared with the oracle's
    saved_forecasts.py  reads the files of a suite
    plots.py            plots of series, forecasts and errors on matplotlib axes
    suite_plots.py      PNG files of a suite
    memory.py           experiment: the longest lag that a network learns to recall
    gradients.py        experiment: vanishing and exploding gradients
    gradient_tables.py  the results of that experiment as CSV and for TensorBoard

A user's own table:

    csv_series.py       a table: targets, covariates, split, missing values
    csv_columns.py      its columns of numbers and text, in order of time
    dates.py            its dates: formats, time step, season, gaps, calendar
    covariates.py       its other columns, as inputs of the past or the future
    windows.py          its rows as inputs and targets of forecasts
    table_baselines.py  forecasts of it without a network: seasonal ARIMA …
    table_networks.py   the networks, with a moving level and covariates
    intervals.py        prediction intervals and their coverage
    table_results.py    errors in its units, forecasts beyond its end
    table_plots.py      a chart of forecasts and intervals

The experiments follow Aurélien Géron, Hands-On Machine Learning with Scikit-Learn,
Keras, and TensorFlow, 2nd edition, chapter 15; "the book" below is this one.
"""
