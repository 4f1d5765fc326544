// What tsc does not see. Others' text reaches a page as text alone: nothing that reads it as markup or as code.
const parses = ["innerHTML", "outerHTML", "srcdoc"];
const calls = ["insertAdjacentHTML", "write", "writeln", "setHTMLUnsafe", "setHTML", "createContextualFragment", "parseFromString"];

export default [{
  files: ["**/*.js"],
  linterOptions: { reportUnusedDisableDirectives: "error" },
  rules: {
    "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-script-url": "error",
    "no-var": "error", "prefer-const": "error", eqeqeq: "error", "no-console": "error", "no-shadow": "error", "no-unused-vars": "error",
    "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "EventSource", "Worker", "localStorage", "sessionStorage"],
    "no-restricted-syntax": ["error",
      ...parses.map((name) => ({ selector: `MemberExpression[property.name="${name}"]`, message: "textContent alone" })),
      ...calls.map((name) => ({ selector: `CallExpression[callee.property.name="${name}"]`, message: "textContent alone" })),
      { selector: "CallExpression[callee.property.name=/^get(Hours|Minutes|Date|Day|Month|FullYear|TimezoneOffset)$/]", message: "the answer's clock, not the browser's" },
      { selector: "CallExpression[callee.property.name=/^toLocale.*String$/]", message: "a locale and a zone of the browser's" },
      { selector: "ImportExpression", message: "pages are one document" },
    ],
  },
}];
