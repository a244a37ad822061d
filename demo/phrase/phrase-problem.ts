import { type Failure } from '../gate/failure-text.ts';

/** Why a typed recovery phrase is invalid, and at which positions. Undefined for other failures. */
export function phraseProblem({
  code,
  message,
  details,
}: Failure): { readonly text: string; readonly wrong: readonly number[] } | undefined {
  if (code !== 'PHRASE_INVALID') return undefined;
  const positions = details['positions'];
  return {
    text: message,
    wrong: Array.isArray(positions)
      ? positions.filter((position): position is number => typeof position === 'number')
      : [],
  };
}
