import type { JsonRecord } from '../../base/record.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { ErasureRefusal } from '../erasure/erasure-refusal.ts';
import type { Erasures } from '../erasure/erasures.ts';
import type { Person } from '../erasure/find-personal.ts';
import type { Serving } from '../serving/serving.ts';
import { ActRefusal } from './act-refusal.ts';
import { withTools } from './with-tools.ts';

/** Runs it for the account in the field `id`, of the app in `app`. Rejects with an `ActRefusal`. */
export async function withErasures<T>(
  fields: JsonRecord,
  relay: Pick<Serving, 'visit'>,
  run: (erasures: Erasures, person: Person) => Promise<T>,
): Promise<T> {
  const { id } = fields;
  if (!isCoValueID(id)) throw new ActRefusal('invalid', '`id` is not the ID of an account, such as co_z….');
  return withTools(fields, relay, async ({ erasures }) => {
    try {
      return await run(erasures, { accountID: id, agentIDs: [] });
    } catch (error) {
      throw error instanceof ErasureRefusal ? new ActRefusal(error.code, error.message) : error;
    }
  });
}
