"""What the notebooks need to run, show source, and record what they measured."""

from lacr_lib.teaching.environment import check_environment
from lacr_lib.teaching.profiles import choose
from lacr_lib.teaching.records import record, record_claim
from lacr_lib.teaching.source import show
from lacr_lib.teaching.start import setup

__all__ = ["check_environment", "choose", "record", "record_claim", "setup", "show"]
