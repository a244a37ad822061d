import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { suggestWords } from './suggest-words.ts';

export const phraseLength = 24;

/**
 * Errors end up in logs, so `details` and `cause` contain nothing that the user typed, and the message suggests listed
 * words for at most this many positions: the rest of the phrase still cannot be guessed. With more mistakes, it
 * suggests nothing, because it would spell out a phrase that was typed as abbreviated words.
 */
const maxSuggestedPositions = 2;

/** A word that is not in the list. Positions count from 1. */
export interface UnknownWord {
  readonly position: number;
  readonly typed: string;
}

export function wrongLength(count: number, unknown: readonly UnknownWord[]): KernelError {
  return createKernelError(
    'PHRASE_INVALID',
    [
      `A recovery phrase has ${phraseLength} words, but this one has ${count}.`,
      ...(unknown.length > 0 ? [unknownWords(unknown)] : []),
      'Compare the phrase with what you wrote down: a word may be missing or repeated.',
    ].join(' '),
    { details: { reason: 'length', positions: positionsOf(unknown) } },
  );
}

export function notInList(unknown: readonly UnknownWord[]): KernelError {
  return createKernelError('PHRASE_INVALID', `${unknownWords(unknown)} Compare with what you wrote down.`, {
    details: { reason: 'word', positions: positionsOf(unknown) },
  });
}

/** Has no cause because the library's errors quote what was typed. */
export function wrongChecksum(): KernelError {
  return createKernelError(
    'PHRASE_INVALID',
    'Every word is in the list, but together they are not a recovery phrase: a word is wrong, or some words are in the wrong order. Compare each word and the order with what you wrote down.',
    { details: { reason: 'checksum', positions: [] } },
  );
}

function unknownWords(unknown: readonly UnknownWord[]): string {
  const suggested = unknown.length <= maxSuggestedPositions ? unknown : [];
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
