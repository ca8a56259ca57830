/** What is used of Lit's templates. Their own declarations are in the npm package `lit-html`. */
export declare const html: (strings: TemplateStringsArray, ...values: unknown[]) => unknown;
export declare const svg: (strings: TemplateStringsArray, ...values: unknown[]) => unknown;
export declare const nothing: unique symbol;
export declare const render: (value: unknown, container: ShadowRoot, options?: { host?: object }) => unknown;
