/** `unknown`: not loaded, so there is no header to read. */
export type CoValueKind =
  'Account' | 'Group' | 'CoMap' | 'CoList' | 'CoStream' | 'Binary' | 'Text' | 'unknown';

export interface CoValueLabel {
  readonly kind: CoValueKind;
  readonly name?: string;
}
