"""Completion of verbs, options and paths in bash and zsh: a script to be read by the shell."""

from collections.abc import Mapping

BASH = """\
# eval "$(imageshelf --completion bash)" in ~/.bashrc
_imageshelf() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} words
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="{verbs}"
    else
        case ${{COMP_WORDS[1]}} in
{cases}
        esac
        [ "${{word#-}}" = "$word" ] && return
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _imageshelf imageshelf
"""
ZSH = """\
#compdef imageshelf
# eval "$(imageshelf --completion zsh)" in ~/.zshrc, after compinit
_imageshelf() {{
    local -a verbs=({told})
    if (( CURRENT == 2 )); then _describe verb verbs; return; fi
    if [[ $PREFIX != -* ]]; then _files; return; fi
    case $words[2] in
{cases}
    esac
}}
compdef _imageshelf imageshelf
"""


def script(shell: str, verbs: Mapping[str, tuple[str, list[str]]]) -> str:
    """Return the script for bash or zsh; `verbs` has the summary and the options of each."""
    if shell == "bash":
        lines = [
            f'        {verb}) words="{" ".join(each)}" ;;' for verb, (_, each) in verbs.items()
        ]
        return BASH.format(verbs=" ".join(verbs), cases="\n".join(lines))
    lines = [f"    {verb}) compadd -- {' '.join(each)} ;;" for verb, (_, each) in verbs.items()]
    told = " ".join(f"'{verb}:{summary}'" for verb, (summary, _) in verbs.items())
    return ZSH.format(told=told, cases="\n".join(lines))
