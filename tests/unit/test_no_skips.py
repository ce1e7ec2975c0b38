"""A skipped test without an allowed reason is a failure."""

import pytest

pytest_plugins = ["pytester"]


def test_a_skip_fails_unless_its_reason_is_an_allowed_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_skips(): pytest.skip("not today")
        @pytest.mark.skip(reason="never")
        def test_marked(): pass
        def test_may(): pytest.skip("allowed: needs root")
        def test_passes(): pass
        """
    )
    pytester.makeconftest("from tests.support.no_skips import pytest_runtest_makereport")
    # In a process of its own: modules that pytest loads here would be loaded twice afterwards.
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:schemathesis")
    result.assert_outcomes(failed=1, errors=1, skipped=1, passed=1)
