"""Values that show it when they are touched, kept or compared, and a function that fails as often as it is told to."""


class Opaque:
    """Neither compares, nor hashes, nor tells whether it is true, nor has a length."""

    def __init__(self, label="opaque"):
        self.label = label

    def __eq__(self, other):
        raise AssertionError(f"{self!r} was compared")

    def __hash__(self):
        raise AssertionError(f"{self!r} was hashed")

    def __bool__(self):
        raise AssertionError(f"{self!r} was asked whether it is true")

    def __len__(self):
        raise AssertionError(f"{self!r} was measured")

    def __repr__(self):
        return f"<{self.label}>"


class Big:
    """Stands for something big: a weak reference can tell whether it is still there."""


class Flaky:
    """Raises as often as it is told to, then gives its argument."""

    def __init__(self, failures):
        self.failures = failures

    def __call__(self, value):
        if self.failures:
            self.failures -= 1
            raise OSError("not yet")
        return value
