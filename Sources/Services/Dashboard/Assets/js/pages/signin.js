import { caller, forgetCaller, get } from "../api.js";
import { h, replace } from "../dom.js";
import { brandMark } from "../icons.js";
import { setToken } from "../preferences.js";
import { arrive } from "../router.js";
import { field } from "../parts/dialogs.js";
import { problemNotice } from "../parts/notices.js";

/** Leads to who knows the person, or asks for a token, which is kept until the tab is closed. */
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
  const providers = h("div", {});
  const button = h("button", { class: "button primary", type: "submit" }, "Sign in");
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
            forgetCaller();
            try {
              await caller();
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
        providers,
        field("API token", input, { hint: "It stays in this tab and is forgotten when you close it." }),
        trouble,
        button,
      ),
    ),
  );
  input.focus();
  showProviders(providers);
}

/** By whom one can log in; the browser comes back to the page that was asked for. */
async function showProviders(slot) {
  try {
    const answer = await get("/identity-providers");
    const providers = answer.identity_providers.filter((provider) => provider.login.startsWith("/"));
    if (providers.length === 0) return;
    const back = encodeURIComponent(location.pathname + location.search);
    replace(
      slot,
      providers.map((provider) =>
        h(
          "a",
          { class: "button primary login", href: `${provider.login}&return_to=${back}` },
          `Sign in with ${provider.name}`,
        )
      ),
      h("p", { class: "or" }, "or"),
    );
  } catch { /* A token does as well. */ }
}
