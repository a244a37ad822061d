/** An error without its stack and cause, so that it cannot contain any of the app's values. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  /** Injected faults caused this error, not the network. */
  readonly byFaultPlan?: true;
  /** Reading from this device's storage failed, not writing. */
  readonly isReading?: true;
  /** The app has to pass another `auth` to sign in at the relay, or its `token` to return something else. */
  readonly needsOtherAuth?: true;
  /** The relay requires a version of the app, and the app passed none. */
  readonly lacksAppVersion?: true;
}
