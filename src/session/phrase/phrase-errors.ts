import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { suggestWords } from './suggest-words.ts';

export const phraseLength = 24;

/**
 * Errors reach logs. So `details` and `cause` hold nothing of what was typed, and the message at most this many words,
 * which are suggestions out of the list: the rest of the phrase still cannot be tried out. With more mistakes the message
 * suggests nothing, as a phrase of which only each word's beginning was typed would else stand in it.
 */
const mostSuggestedPositions = 2;

/** `unknown`: the words that are not in the list, with their positions, of which the first is 1. */
export interface UnknownWord {
  readonly position: number;
  readonly typed: string;
}

export function wrongLength(count: number, unknown: readonly UnknownWord[]): KernelError {
  const given = count === 1 ? 'there is 1' : `there are ${count}`;
  return createKernelError(
    'PHRASE_INVALID',
    [
      `A recovery phrase has ${phraseLength} words, and here ${given}.`,
      ...(unknown.length > 0 ? [unknownWords(unknown)] : []),
      'Compare with what you wrote down: a word may be missing, or be there twice.',
    ].join(' '),
    { details: { reason: 'length', positions: positionsOf(unknown) } },
  );
}

export function notInList(unknown: readonly UnknownWord[]): KernelError {
  return createKernelError('PHRASE_INVALID', `${unknownWords(unknown)} Compare with what you wrote down.`, {
    details: { reason: 'word', positions: positionsOf(unknown) },
  });
}

/** Without a cause: the library's errors quote what was typed. */
export function wrongChecksum(): KernelError {
  return createKernelError(
    'PHRASE_INVALID',
    'Each word is one of the list, and together they are no recovery phrase: one is another word, or some changed places. Compare each word and the order with what you wrote down.',
    { details: { reason: 'checksum', positions: [] } },
  );
}

function unknownWords(unknown: readonly UnknownWord[]): string {
  const suggested = unknown.length <= mostSuggestedPositions ? unknown : [];
  const hints = suggested.flatMap(({ position, typed }) => {
    const words = suggestWords(typed).map((word) => `“${word}”`);
    return words.length > 0 ? [`Word ${position} may be ${words.join(' or ')}.`] : [];
  });
  return [`${namesOf(positionsOf(unknown))} not in the list of recovery words.`, ...hints].join(' ');
}

function namesOf(positions: readonly number[]): string {
  const last = positions.at(-1) ?? '';
  if (positions.length === 1) return `Word ${last} is`;
  return `Words ${positions.slice(0, -1).join(', ')} and ${last} are`;
}

function positionsOf(unknown: readonly UnknownWord[]): readonly number[] {
  return unknown.map(({ position }) => position);
}
