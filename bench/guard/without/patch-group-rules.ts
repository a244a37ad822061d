export function patchGroupRules() {}
