"""What AWS calls on schedules. Every job may run twice, late, or not to its end; it answers counts."""
