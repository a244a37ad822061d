/** @typedef {import('typescript').Type} Type */
/** @typedef {import('typescript').Symbol} TsSymbol */
/** @typedef {import('typescript').TypeChecker} TypeChecker */
/** @typedef {import('estree').Node} Node */

const declaredInCojson = /\/node_modules\/cojson(?:-storage-indexeddb|-transport-ws)?\//;

/** Functions that write to their first argument, by the object that has them. */
const writers = {
  Object: ['assign', 'defineProperty', 'defineProperties', 'setPrototypeOf'],
  Reflect: ['set', 'defineProperty', 'deleteProperty', 'setPrototypeOf'],
};

/**
 * Reports writes to members of objects of cojson. An interface or class that extends a type of cojson is treated as
 * cojson's for the members that it inherits. Plain data, for example a message, may be built anywhere.
 * @type {import('eslint').Rule.RuleModule}
 */
export const noCojsonPatches = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { patch: 'Only src/engine may modify cojson’s objects. Add a patch or a listener there.' },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    if (!program) throw new Error('no-cojson-patches needs type information.');
    /** @type {TypeChecker} */
    const checker = program.getTypeChecker();
    /** @param {Node} node @returns {Type} */
    const typeOf = (node) => checker.getTypeAtLocation(esTreeNodeToTSNodeMap.get(node));

    /** @param {Node} target */
    function checkMember(target) {
      if (target.type !== 'MemberExpression' || target.property.type === 'PrivateIdentifier') return;
      const type = typeOf(target.object);
      const name =
        target.property.type === 'Identifier' && !target.computed ? target.property.name : undefined;
      const member = name === undefined ? undefined : checker.getApparentType(type).getProperty(name);
      const isCojsons = member ? isDeclaredInCojson(member) : isOfCojson(type, checker);
      if (isCojsons && !isPlainData(type, checker)) context.report({ node: target, messageId: 'patch' });
    }

    return {
      AssignmentExpression: ({ left }) => checkMember(left),
      UpdateExpression: ({ argument }) => checkMember(argument),
      UnaryExpression({ operator, argument }) {
        if (operator === 'delete') checkMember(argument);
      },
      CallExpression({ callee, arguments: [target] }) {
        if (!target || callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return;
        if (callee.property.type !== 'Identifier') return;
        const names = Object.entries(writers).find(
          ([holder]) => holder === Reflect.get(callee.object, 'name'),
        );
        if (!names?.[1].includes(callee.property.name)) return;
        const type = typeOf(target);
        if (isOfCojson(type, checker) && !isPlainData(type, checker))
          context.report({ node: target, messageId: 'patch' });
      },
    };
  },
};

/** @param {TsSymbol | undefined} symbol */
function isDeclaredInCojson(symbol) {
  const declarations = symbol?.declarations ?? [];
  return declarations.some((declaration) => declaredInCojson.test(declaration.getSourceFile().fileName));
}

/**
 * Messages and headers have no methods: building one changes nothing of cojson's.
 * @param {Type} type
 * @param {TypeChecker} checker
 */
function isPlainData(type, checker) {
  const members = checker.getApparentType(type).getProperties();
  return !members.some((member) => checker.getTypeOfSymbol(member).getCallSignatures().length > 0);
}

/**
 * @param {Type} type
 * @param {TypeChecker} checker
 * @returns {boolean}
 */
function isOfCojson(type, checker) {
  if (type.isUnionOrIntersection()) return type.types.some((part) => isOfCojson(part, checker));
  const constraint = checker.getBaseConstraintOfType(type);
  if (constraint && constraint !== type) return isOfCojson(constraint, checker);
  if (isDeclaredInCojson(type.getSymbol()) || isDeclaredInCojson(type.aliasSymbol)) return true;
  return type.isClassOrInterface() && checker.getBaseTypes(type).some((base) => isOfCojson(base, checker));
}
