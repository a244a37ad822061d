import { RawCoList, RawCoMap, RawCoPlainText, type LocalNode, type RawGroup } from 'cojson';
import { operateOnGroup } from './group-operation.ts';
import type { Operation } from './honest-steps.ts';
import { choose, openGroups, type Outcome, type Shared } from './shared-values.ts';

const nothing: Outcome = {};

/** Does what an app lets its user do: what the user has, by this node, the role for. */
export async function operate(node: LocalNode, operation: Operation, shared: Shared): Promise<Outcome> {
  try {
    if (operation.kind === 'edit') return edit(node, operation, shared);
    if (operation.kind === 'create') return create(node, operation, shared);
    return await operateOnGroup(node, operation, shared);
  } catch (error) {
    return { done: operation.kind, refusal: error instanceof Error ? error.message : String(error) };
  }
}

function create(node: LocalNode, { what, how, where }: Operation, { groupIDs }: Shared): Outcome {
  const group = choose(
    openGroups(node, groupIDs).filter((one) => mayWrite(one)),
    where,
  );
  if (!group) return nothing;
  const numbers = [what, how];
  const kinds = [
    () => group.createMap({ a: what }),
    () => group.createList(numbers),
    () => group.createPlainText('xy'),
  ] as const;
  const value = (choose(kinds, how) ?? kinds[0])();
  return { done: `create in ${group.id}`, valueID: value.id };
}

function edit(node: LocalNode, operation: Operation, { valueIDs }: Shared): Outcome {
  const values = valueIDs.flatMap((id) => {
    const core = node.getCoValue(id);
    return core.isAvailable() && mayWrite(core.getGroup()) ? core.getCurrentContent() : [];
  });
  // Edits meet more often among the newest.
  const value = choose(operation.how % 3 === 0 ? values : values.slice(-4), operation.what);
  if (!value) return nothing;
  if (value instanceof RawCoPlainText) editText(value as RawCoPlainText, operation);
  else if (value instanceof RawCoList) editList(value as RawCoList, operation);
  else if (value instanceof RawCoMap) editMap(value as RawCoMap, operation);
  return { done: `edit ${value.id}` };
}

function editMap(map: RawCoMap, { how, where, value }: Operation): void {
  const key = where % 2 === 0 ? 'a' : 'b';
  if (how % 7 === 0) map.delete(key);
  else map.set(key, value);
}

function editList(list: RawCoList, { how, where, value }: Operation): void {
  const length = list.length();
  const place = length === 0 ? 0 : where % length;
  if (length === 0) list.append(value);
  else if (how % 5 === 0) list.delete(place);
  else if (how % 5 === 1) list.prepend(value, place);
  else if (how % 5 === 2) list.replace(place, value);
  else list.append(value, place);
}

function editText(text: RawCoPlainText, { how, where, value }: Operation): void {
  const length = text.entries().length;
  const place = length === 0 ? 0 : where % length;
  const word = String.fromCharCode(97 + (value % 26)).repeat(1 + (value % 3));
  if (length === 0 || how % 4 === 1) text.insertBefore(place, word);
  else if (how % 4 === 0) text.deleteRange({ from: place, to: place + 1 });
  else text.insertAfter(place, word);
}

function mayWrite(group: RawGroup): boolean {
  return ['admin', 'manager', 'writer', 'writeOnly'].includes(group.myRole() ?? '');
}
