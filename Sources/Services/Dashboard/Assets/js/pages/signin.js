import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { brandMark } from "../icons.js";
import { setToken } from "../preferences.js";
import { arrive } from "../router.js";
import { field } from "../parts/dialogs.js";
import { problemNotice } from "../parts/notices.js";

/** The ways in by providers of identities; they come back to the page that was asked for. */
async function ways(element) {
  try {
    const { identity_providers: providers } = await get("/identity-providers");
    const back = encodeURIComponent(location.pathname + location.search);
    replace(
      element,
      providers.map(({ name, login }) =>
        h("a", { class: "button", href: `${login}&return_to=${back}` }, `Sign in with ${name}`)
      ),
    );
  } catch { /* A token is still a way in. */ }
}

/** Asks for a token, which is kept until the tab is closed, or offers the providers by which people log in. */
export function showSignIn(root) {
  if (root.querySelector(".sign-in")) return;
  const input = h("input", {
    class: "input",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
  });
  const trouble = h("div", {});
  const button = h("button", { class: "button primary", type: "submit" }, "Sign in");
  const providers = h("div", { class: "providers" });
  replace(
    root,
    h(
      "main",
      { class: "sign-in", id: "content" },
      h(
        "form",
        {
          onsubmit: async (event) => {
            event.preventDefault();
            button.disabled = true;
            setToken(input.value.trim());
            try {
              await get("/version");
              replace(root);
              arrive();
            } catch (problem) {
              setToken("");
              replace(
                trouble,
                problemNotice(
                  problem.status === 401
                    ? Object.assign(problem, {
                      title: "This token is not valid",
                      message: "It may have been cut, revoked or expired.",
                    })
                    : problem,
                ),
              );
              input.select();
            }
            button.disabled = false;
          },
        },
        h("div", { class: "brand" }, brandMark(), h("h1", {}, "Slipway")),
        field("API token", input, { hint: "It stays in this tab and is forgotten when you close it." }),
        trouble,
        button,
        providers,
      ),
    ),
  );
  ways(providers);
  input.focus();
}
