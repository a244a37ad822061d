import {
  RawCoList,
  RawCoMap,
  RawCoPlainText,
  RawCoStream,
  RawGroup,
  type AgentID,
  type LocalNode,
  type RawCoID,
  type RawCoValue,
} from 'cojson';

/** What an app sees, by what it reads. */
export type Shown = Readonly<Record<string, string>>;

/** Reads CoValues as an app would. */
export function shownBy(node: LocalNode, ids: readonly RawCoID[], agents: readonly AgentID[]): Shown {
  const shown: Record<string, string> = {};
  for (const id of ids) {
    const core = node.getCoValue(id);
    if (!core.isAvailable()) continue;
    for (const [what, value] of Object.entries(read(core.getCurrentContent(), agents))) {
      shown[`${id} ${what}`] = JSON.stringify(value);
    }
  }
  return shown;
}

function read(content: RawCoValue, agents: readonly AgentID[]): Readonly<Record<string, unknown>> {
  if (content instanceof RawGroup) {
    return {
      group: sorted(content.toJSON()),
      roles: agents.map((agent) => content.roleOfInternal(agent)),
      parents: content
        .getParentGroups()
        .map(({ id }) => id)
        .sort(),
    };
  }
  if (content instanceof RawCoMap) {
    const keys = content.keys().sort();
    return {
      map: sorted(content.toJSON()),
      history: keys.map((key) => [...content.editsAt(key)].map(({ value }): unknown => value)),
    };
  }
  if (content instanceof RawCoPlainText) return { text: content.toString() };
  if (content instanceof RawCoList) return { list: content.toJSON() };
  if (content instanceof RawCoStream) {
    const stream = content as RawCoStream;
    return {
      stream: sorted(stream.toJSON()),
      last: agents.map((agent) => stream.lastItemBy(agent)?.value),
      all: agents.map((agent) => [...stream.itemsBy(agent)].map(({ value }) => value)),
    };
  }
  throw new Error('No such content is expected.');
}

const sorted = (object: object) => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));

/** Which transactions a node holds valid. This does not depend on who reads. */
export function verdictsOf(node: LocalNode, ids: readonly RawCoID[]): readonly (readonly string[])[] {
  return ids.map((id) =>
    node
      .getCoValue(id)
      .verifiedTransactions.map(
        ({ txID, isValid }) => `${txID.sessionID.slice(-6)} ${txID.txIndex} ${isValid}`,
      )
      .sort(),
  );
}
