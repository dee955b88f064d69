"""Pre-trade limits: the registry says what each is, the policy file says how much, the gate says yes or no."""
