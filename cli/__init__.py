"""The command line. Commands parse, call `zkpay`'s functions and describe results; they hold no logic of their own."""
