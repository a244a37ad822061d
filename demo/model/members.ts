/** Watches a changing set of ids: starts what is new, stops what is gone, keeps the rest. */
export function createMembers<Member extends { stop(): void }>(start: (id: string) => Member) {
  const memberByID = new Map<string, Member>();
  return {
    set(ids: readonly string[]) {
      const wanted = new Set(ids);
      for (const [id, member] of memberByID) {
        if (wanted.has(id)) continue;
        memberByID.delete(id);
        member.stop();
      }
      for (const id of wanted) {
        if (!memberByID.has(id)) memberByID.set(id, start(id));
      }
    },
    all: () => [...memberByID.values()],
    stop() {
      for (const member of memberByID.values()) member.stop();
      memberByID.clear();
    },
  };
}
