"""Tests of the Helm chart: what it makes of values, what it refuses, and that its alerts mean what they say."""
