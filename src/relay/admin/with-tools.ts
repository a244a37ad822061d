import type { JsonRecord } from '../../base/record.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import type { Serving } from '../serving/serving.ts';
import { ActRefusal } from './act-refusal.ts';

/** Runs it for the namespace of the app in the field `app`, which stays open meanwhile. Rejects with an `ActRefusal`. */
export async function withTools<T>(
  { app }: JsonRecord,
  { visit }: Pick<Serving, 'visit'>,
  run: (tools: StatelessTools) => Promise<T>,
): Promise<T> {
  if (app !== undefined && typeof app !== 'string')
    throw new ActRefusal('invalid', '`app` is not the ID of an app.');
  const visited = await visit(app);
  if (!visited)
    throw new ActRefusal('storage', 'The namespace of the app cannot be opened now. Try again later.');
  try {
    const { tools } = visited;
    if (!tools)
      throw new ActRefusal(
        'invalid',
        'The relay does not serve this app. APP_IDS lists those that it serves.',
      );
    return await run(tools);
  } finally {
    visited.end();
  }
}
