"""What every test may lean on: its time limit, its files, its programs, and the loud list of what was not tested.

`@pytest.mark.need("mosquitto_pub")`, or `need("chromium")` inside a fixture, demands a program. Missing,
it is a skip that is repeated at the end of the run with the Debian package to install; with CI=true it is
a failure. `make test` installs the packages when it may.
"""

from tests.support.running_tests import (
    collect_without_looking_for_garbage,
    draw_examples_in_peace,
    keep_files_in_memory,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_itemcollected,
    pytest_make_collect_report,
    pytest_make_parametrize_id,
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_terminal_summary,
    pytest_timeout_set_timer,
    read_certificates_once,
)

__all__ = [
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_itemcollected",
    "pytest_make_collect_report",
    "pytest_make_parametrize_id",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
    "pytest_timeout_set_timer",
]

keep_files_in_memory()
draw_examples_in_peace()
collect_without_looking_for_garbage()
read_certificates_once()
