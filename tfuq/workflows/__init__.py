"""What goes over several stages: calibration, tours, studies, perturbed test sets, the doctor."""
