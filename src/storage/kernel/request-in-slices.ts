import type { TimeSlices } from '../../base/time-slices.ts';
import { resultOf } from '../indexed-db.ts';

/** Makes requests in turn, over several tasks. Rejects if an awaited one fails; any other failure aborts the transaction. */
export async function requestInSlices(
  requests: Iterable<IDBRequest>,
  slices: Pick<TimeSlices, 'isOver' | 'begin'>,
): Promise<void> {
  slices.begin();
  for (const request of requests) {
    if (!slices.isOver()) continue;
    // An idle transaction commits on its own, so continue in the task of a request's result.
    await resultOf(request);
    slices.begin();
  }
}
