import type { PlainError } from '../snapshot/plain-error.ts';

const causesByCode: Readonly<Record<string, string>> = {
  STORAGE_FULL: 'storage is full',
  STORAGE_CLOSED: 'the browser closed the database',
  STORAGE_BLOCKED: 'another tab holds the database',
  STORAGE_TOO_NEW: 'a newer version of the app wrote the database',
  STORAGE_UNAVAILABLE: 'the browser offers this page no storage',
  STORAGE_WRITE_FAILED: 'writing failed',
  MESSAGE_TOO_LARGE: 'larger than the relay accepts',
};

/** A short phrase for a known code, otherwise the first sentence of the error's message; without a full stop. */
export function describeCause({ code, message, byFaultPlan, isReading }: PlainError): string {
  if (byFaultPlan) return 'caused by injected faults';
  if (isReading) return 'reading failed';
  const [firstSentence = message] = message.split(/(?<=[.!?])\s/);
  return causesByCode[code] ?? firstSentence.replace(/\.$/, '');
}
