import { isRecord } from '../base/record.ts';

/** The tag of Background Sync, for all accounts of the origin. */
export const syncTag = 'maia/delivery';

/** A tab asks a service worker whether it has the helper, which answers at the port of the message. */
export const question = { maia: 'delivers?' } as const;
export const answer = { maia: 'delivers', v: 1 } as const;

export function isQuestion(data: unknown): boolean {
  return isRecord(data) && data['maia'] === question.maia;
}

export function isAnswer(data: unknown): boolean {
  return isRecord(data) && data['maia'] === answer.maia && data['v'] === answer.v;
}
