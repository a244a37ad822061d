import { type Failure } from '../gate/failure-text.ts';

/** What is wrong with a typed recovery phrase: in words, and which words. Undefined for what is no fault of the words. */
export function phraseWords({
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
