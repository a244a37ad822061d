import type { NextStepCode } from '../snapshot/next-step-code.ts';

/** What a person can do about a reason; `control` names the inspector's control that does it. */
export interface NextStep {
  readonly code: NextStepCode;
  readonly advice: string;
  readonly control?: 'resume' | 'reconnect' | 'repair' | 'dismiss';
}
