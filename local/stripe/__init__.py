"""
A stateful stand-in for Stripe's API, so that buying credits can be tried without an account.

Standard library only, but for `transport`, which puts it under the real `stripe` package.

    StandIn      answers API, control and pages, and delivers signed events   standin.py
    serve        the same over HTTP on loopback                               server.py
    InProcess    the same without a socket, under `stripe.StripeClient`       transport.py

How a request goes through it:

    standin → api → routes → one module per resource → account (the state, and the events)
            → control → the same modules, playing buyer, bank and time
            → pages → what a browser is shown
            → courier → signed events to the endpoint, once the state is let go

Objects are plain dictionaries in Stripe's JSON shape: that is what they are. What Stripe has and
the stand-in doesn't is refused as an unknown parameter or path, never ignored in silence, but for
the harmless ones that are named as `IGNORED`.
"""
