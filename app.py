"""Tally: prepaid credits for a SaaS. This file only registers."""

from chalice.app import Chalice

from chalicelib.api.admin import admin_routes
from chalicelib.api.advice import advice_routes
from chalicelib.api.auth import authorizers
from chalicelib.api.auto_topup import topup_routes
from chalicelib.api.credits import credit_routes
from chalicelib.api.explanations import explanation_routes
from chalicelib.api.holds import hold_routes
from chalicelib.api.notifications import notification_routes
from chalicelib.api.payments import payment_routes
from chalicelib.api.plans import plan_routes
from chalicelib.api.service import service_routes
from chalicelib.api.statements import statement_routes
from chalicelib.api.subscriptions import subscription_routes
from chalicelib.api.tracing import trace_routes
from chalicelib.api.transfers import transfer_routes
from chalicelib.api.usage import usage_routes
from chalicelib.api.wallets import wallet_routes
from chalicelib.jobs import audit, charge_topups, expire_credits, reconcile_stripe, send_alerts, sweep_purchases
from chalicelib.webhooks.functions import webhooks

app = Chalice(app_name="tally", configure_logs=False)  # what it logs goes the way of all libraries
app.register_blueprint(authorizers)
app.register_blueprint(service_routes)
app.register_blueprint(credit_routes)
app.register_blueprint(topup_routes)
app.register_blueprint(explanation_routes)
app.register_blueprint(statement_routes)
app.register_blueprint(usage_routes)
app.register_blueprint(plan_routes)
app.register_blueprint(subscription_routes)
app.register_blueprint(advice_routes)
app.register_blueprint(notification_routes)
app.register_blueprint(hold_routes)
app.register_blueprint(transfer_routes)
app.register_blueprint(payment_routes)
app.register_blueprint(admin_routes)
app.register_blueprint(wallet_routes)
app.register_blueprint(trace_routes)
app.register_blueprint(webhooks)
for job in (audit, charge_topups, expire_credits, reconcile_stripe, send_alerts, sweep_purchases):
    app.register_blueprint(job.jobs)
