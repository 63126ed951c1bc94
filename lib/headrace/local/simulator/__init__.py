"""A world of people whose tastes are known: the same parameters and seed give the same bytes. Nothing is sent here."""

from headrace.local.simulator.faults import FaultMix, Sent, sent_with_faults
from headrace.local.simulator.params import Params, load_params
from headrace.local.simulator.simulation import Simulation
from headrace.local.simulator.visits import Visit

__all__ = ["FaultMix", "Params", "Sent", "Simulation", "Visit", "load_params", "sent_with_faults"]
