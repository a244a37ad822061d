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

const maxNamed = 5;

/** Names the words that are not in the list by their positions. Undefined if there are none. */
export function unknownWordsText(positions: readonly number[]): string | undefined {
  const named: readonly (number | string)[] =
    positions.length > maxNamed + 1
      ? [...positions.slice(0, maxNamed), `${positions.length - maxNamed} more`]
      : positions;
  const last = named.at(-1);
  if (last === undefined) return undefined;
  if (named.length === 1) return `Word ${last} is not in the list of recovery words.`;
  return `Words ${named.slice(0, -1).join(', ')} and ${last} are not in the list of recovery words.`;
}

/** The bounds of the word at the caret, which may not be finished. */
export function wordAt(text: string, caret: number): readonly [start: number, end: number] {
  return [text.slice(0, caret).search(/\S*$/), caret + text.slice(caret).search(/\s|$/)];
}
