import { accountOf, changesBy, changesOf } from './stateless-client.ts';
import { createClientNode } from './stock-client.ts';
import { createSharedMap } from './test-relay.ts';

/** A client that writes to a map which everyone may read, and pushes it without a connection. */
export async function createWriter() {
  const node = await createClientNode();
  const map = createSharedMap(node);
  const { group } = map;
  return {
    ...{ node, map, group },
    /** Everything, as changes of a push. */
    all: () => changesOf(node, accountOf(node), group, map),
    /** The changes of one edit. */
    edit: (word: string) => changesBy(node, map, () => map.set('word', word)),
  };
}

export type StatelessWriter = Awaited<ReturnType<typeof createWriter>>;
