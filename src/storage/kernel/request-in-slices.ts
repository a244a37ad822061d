import type { TimeSlices } from '../../base/time-slices.ts';
import { resultOf } from '../indexed-db.ts';

/**
 * Asks one thing after the other of a transaction, in as many tasks as it takes: each is asked for as it is drawn. Rejects
 * where one fails whose answer is waited for; the others are told by the transaction.
 */
export async function askInSlices(
  requests: Iterable<IDBRequest>,
  slices: Pick<TimeSlices, 'isOver' | 'begin'>,
): Promise<void> {
  slices.begin();
  for (const request of requests) {
    if (!slices.isOver()) continue;
    // A transaction ends by itself once nothing is asked of it: it goes on in the task of an answer.
    await resultOf(request);
    slices.begin();
  }
}
