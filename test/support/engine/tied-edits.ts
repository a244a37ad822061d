import {
  RawCoList,
  RawCoMap,
  RawCoPlainText,
  RawCoStream,
  RawGroup,
  type AgentID,
  type LocalNode,
  type RawCoID,
} from 'cojson';

export interface EditStep {
  readonly kind: 'edit';
  readonly at: number;
  readonly what: number;
  readonly how: number;
  readonly where: number;
  readonly value: number;
  readonly isTrusting: boolean;
  /** What the clock of the device adds to the time. */
  readonly clockOffMs: number;
}

const roles = ['admin', 'admin', 'manager', 'writer', 'reader', 'writeOnly', 'revoked'] as const;
const inherited = ['inherit', 'reader', 'writer', 'manager', 'admin'] as const;

/** Edits as an app would; what cojson refuses to do is not done. */
export function edit(
  node: LocalNode,
  id: RawCoID,
  step: EditStep,
  agents: readonly AgentID[],
  ids: readonly RawCoID[],
): void {
  const core = node.getCoValue(id);
  if (!core.isAvailable()) return;
  const content = core.getCurrentContent();
  const before = content instanceof RawGroup ? '' : JSON.stringify(content.toJSON());
  try {
    if (content instanceof RawGroup) editGroup(content as RawGroup, step, agents, ids);
    else if (content instanceof RawCoMap) editMap(content as RawCoMap, step);
    else if (content instanceof RawCoPlainText) editText(content as RawCoPlainText, step);
    else if (content instanceof RawCoList) editList(content as RawCoList, step);
    else if (content instanceof RawCoStream) content.push(step.value, privacyOf(step));
  } catch (error) {
    if (
      !(error instanceof Error) ||
      !/role|member|admin|secret|key|permission|access|extend/i.test(error.message)
    )
      throw error;
    return;
  }
  if (!(content instanceof RawGroup)) expectShown(content as RawCoMap, step, before);
}

/** An app shows the author their own edit at once. */
function expectShown(content: RawCoMap | RawCoList | RawCoStream, step: EditStep, before: string): void {
  const role = content.group.myRole();
  if (role !== 'admin' && role !== 'manager' && role !== 'writer') return;
  if (step.how % 4 === 0 && content instanceof RawCoMap) return;
  if (JSON.stringify(content.toJSON()) === before)
    throw new Error(`The edit ${JSON.stringify(step)} has no effect.`);
}

function editGroup(
  group: RawGroup,
  step: EditStep,
  agents: readonly AgentID[],
  ids: readonly RawCoID[],
): void {
  const agent = agents[step.where % agents.length];
  const [above = group.id, middle = group.id, below = group.id] = ids;
  // A group extends only those before it.
  const parents = group.id === below ? [above, middle] : group.id === middle ? [above] : [];
  const parentID = parents[step.where % parents.length];
  if (step.how % 5 < 3 || parentID === undefined) {
    if (agent) setRole(group, agent, roles[step.value % roles.length] ?? 'revoked');
    return;
  }
  const core = group.core.node.getCoValue(parentID);
  if (!core.isAvailable()) return;
  const parent = core.getCurrentContent();
  if (!(parent instanceof RawGroup)) return;
  if (step.how % 5 === 3) group.extend(parent as RawGroup, inherited[step.value % inherited.length]);
  else group.revokeExtend(parent as RawGroup);
}

function setRole(group: RawGroup, agent: AgentID, role: (typeof roles)[number]): void {
  // cojson takes an account or `everyone`, and uses the ID alone.
  if (role === 'revoked') group.removeMember(agent as 'everyone');
  else group.addMemberInternal(agent, role);
}

function editMap(map: RawCoMap, step: EditStep): void {
  const key = step.where % 2 === 0 ? 'a' : 'b';
  if (step.how % 4 === 0) map.delete(key, privacyOf(step));
  else map.set(key, step.value, privacyOf(step));
}

function editList(list: RawCoList, step: EditStep): void {
  const length = list.length();
  const place = length === 0 ? 0 : step.where % length;
  if (step.how % 4 === 0 && length > 0) list.delete(place, privacyOf(step));
  else if (step.how % 4 === 1) list.prepend(step.value, place, privacyOf(step));
  else if (step.how % 4 === 2 && length > 0) list.replace(place, step.value, privacyOf(step));
  else list.append(step.value, place, privacyOf(step));
}

function editText(text: RawCoPlainText, step: EditStep): void {
  const length = text.entries().length;
  const place = length === 0 ? 0 : step.where % length;
  const word = String.fromCharCode(97 + (step.value % 26)).repeat(1 + (step.value % 3));
  if (length === 0 || step.how % 3 === 1) text.insertBefore(place, word, privacyOf(step));
  else if (step.how % 3 === 0) text.deleteRange({ from: place, to: place + 1 }, privacyOf(step));
  else text.insertAfter(place, word, privacyOf(step));
}

const privacyOf = ({ isTrusting }: EditStep) => (isTrusting ? 'trusting' : 'private');
