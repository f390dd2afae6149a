"""Series whose best possible forecast is known, and everything that forecasts them.

    series.py      draws the series and says what is asked of them: a task
    baselines.py   forecasts that learn little or nothing, from the last value to ARIMA
    oracle.py      the best forecast possible for one who knows how series are drawn
    networks.py    every network of the subject; Keras lives here
    recipes.py     how each network is trained, and what the book says of it
    training.py    trains a recipe, and forecasts with what it gives
    suite.py       runs everything on every task, and keeps what it made
    jobs.py        one of those things, measured once, in a process of its own or not
    results.py     figures of that, beside the oracle's
    own_series.py  a user's own series, out of a table
    memory.py      an experiment: how far back can a network remember?
    gradients.py   an experiment: where do gradients vanish and explode?
    gradient_tables.py  what that measured, in figures and tables
    kept.py        reads what the suite has kept
    drawing.py     draws series and forecasts on axes
    plotting.py    pictures of a whole suite

The subject, and the figures called *the book's*, are those of Aurélien Géron, Hands-On
Machine Learning with Scikit-Learn, Keras, and TensorFlow, 2nd edition, chapter 15.
"""
