import { expect, it } from 'vitest';
import { RoleHistory } from './role-history.ts';

it('[GROUP-2] asks each group above once, however many ways lead to it', () => {
  let asked = 0;
  const top = {
    roleAt() {
      asked++;
      return 'writer' as const;
    },
  };
  let level = Array.from({ length: 8 }, () => top as RoleHistory | typeof top);
  for (let depth = 0; depth < 12; depth++) {
    level = Array.from({ length: 8 }, () => {
      const group = new RoleHistory();
      level.forEach((parent, at) => {
        group.setParent(`parent ${at}`, parent, 'extend', 0);
      });
      return group;
    });
  }
  expect(level[0]?.roleAt('member', 1)).toBe('writer');
  expect(asked).toBe(64);
});
