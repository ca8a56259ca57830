"""
What AWS calls on schedules. Every job may run twice, late, or not to its end; it answers counts.

Use cases are imported by the function that needs them: the API registers every job, and runs none.
"""
