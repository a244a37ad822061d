import { type Members } from '@MaiaOS/kernel';

/** How many other accounts can open the list. Undefined until that is known. */
export function countOthers({ state, members }: Members): number | undefined {
  return state === 'ready' ? members.filter(({ isMe }) => !isMe).length : undefined;
}
