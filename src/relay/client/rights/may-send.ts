import { cojsonInternals, type LocalNode } from 'cojson';
import type { Content, CoValueHeader, RawCoID } from '../../../engine/content.ts';
import { getKnownCoValue } from '../../../engine/covalue-lookup.ts';
import type { Rights } from '../../authorize/authorizer.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { isCoValueID } from '../../../wire/ids.ts';
import { allYes } from './client-rights.ts';

export interface NamedOptions {
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'readContent'>;
}

/** One message has fewer, unless it was made to be asked about. */
const maxNamed = 5_000;

/** Whether a client may send this content, and load what it names. */
export function maySend(
  content: Content,
  { mayLoad, decide }: Pick<Rights, 'decide'> & { mayLoad(id: string): boolean | Promise<boolean> },
  options: NamedOptions,
): boolean | Promise<boolean> {
  function maySendNaming(named: readonly RawCoID[]): boolean | Promise<boolean> {
    // Anyone can write what only looks like an ID.
    if (named.length > maxNamed || !named.every(isCoValueID)) return false;
    return allYes([mayLoad(content.id), ...named.map(mayLoad), decide(content.id, 'content')]);
  }

  const named = coValuesNamedIn(content, options);
  return 'then' in named ? named.then(maySendNaming) : maySendNaming(named);
}

/**
 * The CoValues that others would get with this one once the content is stored: its owner, its authors, and what a group names.
 * Its sender must be allowed to load them, or anyone could get what they know the ID of, by making a CoValue that depends on it.
 */
function coValuesNamedIn(
  content: Content,
  { node, storage }: NamedOptions,
): readonly RawCoID[] | Promise<readonly RawCoID[]> {
  const known = getKnownCoValue(node, content.id)?.verified?.header ?? ownHeader(content, node);
  if (known) return namedBy(content, known);
  const named = namedBy(content, group);
  // Only in a group, the changes can name others.
  if (named.length === namedBy(content, notGroup).length) return named;
  return storage.readContent(content.id).then(
    (stored) => (stored ? namedBy(content, stored.header) : named),
    () => named,
  );
}

/** Undefined if the message has none, or one that is not that of its CoValue. */
function ownHeader({ id, header }: Content, { crypto }: LocalNode): CoValueHeader | undefined {
  return header && cojsonInternals.idforHeader(header, crypto) === id ? header : undefined;
}

function namedBy(content: Content, header: CoValueHeader): readonly RawCoID[] {
  const named = new Set(cojsonInternals.getDependedOnCoValues(header, content));
  named.delete(content.id);
  return [...named];
}

const notGroup: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
const group: CoValueHeader = { ...notGroup, ruleset: { type: 'group', initialAdmin: 'sealer_z/signer_z' } };
