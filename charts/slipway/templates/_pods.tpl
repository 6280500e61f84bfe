{{/* What people add to pods and would take the place of what the chart puts there, or has nothing to stand on. A list as JSON. */}}
{{- define "slipway.podProblems" -}}
{{- $problems := list -}}
{{- $selected := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" -}}
{{- $labels := concat $selected (list "helm.sh/chart" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "app.kubernetes.io/part-of" "slipway.dev/metrics" "slipway.dev/team") -}}
{{- range $name, $_ := .Values.commonLabels -}}
{{- if has $name $labels }}{{ $problems = append $problems (printf "commonLabels gives %s, which the chart sets itself" $name) }}{{ end -}}
{{- end -}}
{{- $parts := dict "" .Values -}}
{{- range $component := list "api" "scheduler" "dispatcher" "worker" }}{{ $_ := set $parts (printf "%s." $component) (index $.Values $component) }}{{ end -}}
{{- range $part, $own := $parts -}}
{{- range $name, $_ := $own.podLabels -}}
{{- if has $name $selected }}{{ $problems = append $problems (printf "%spodLabels gives %s, which pods are selected by" $part $name) }}{{ end -}}
{{- end -}}
{{- range $name, $_ := $own.podAnnotations -}}
{{- if or (hasPrefix "helm.sh/" $name) (has $name (list "checksum/config" "slipway.dev/restart-token")) -}}
{{- $problems = append $problems (printf "%spodAnnotations gives %s, which the chart sets itself" $part $name) -}}
{{- end -}}
{{- end -}}
{{- $volumes := list "config" "postgres" "amqp" "tmp" "api-token" "identity" "webhook-keys" "object-storage" "kubeconfigs" -}}
{{- if $part }}{{ range $.Values.extraVolumes }}{{ $volumes = append $volumes .name }}{{ end }}{{ end -}}
{{- range $own.extraVolumes -}}
{{- if has .name $volumes }}{{ $problems = append $problems (printf "%sextraVolumes: %s is there already" $part .name) }}{{ end -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- $paths := list -}}
{{- if $part }}{{ range $.Values.extraVolumeMounts }}{{ $paths = append $paths (clean .mountPath) }}{{ end }}{{ end -}}
{{- range $own.extraVolumeMounts -}}
{{- if not (has .name $volumes) }}{{ $problems = append $problems (printf "%sextraVolumeMounts: there is no volume %s" $part .name) }}{{ end -}}
{{- $path := clean .mountPath -}}
{{- if or (has $path (append $paths "/tmp")) (eq $path "/etc/slipway") (hasPrefix "/etc/slipway/" $path) -}}
{{- $problems = append $problems (printf "%sextraVolumeMounts: something is mounted at %s already" $part $path) -}}
{{- end -}}
{{- $paths = append $paths $path -}}
{{- end -}}
{{- if $part -}}
{{- $strategy := $own.updateStrategy -}}
{{- $rolling := $strategy.rollingUpdate | default dict -}}
{{- if and (eq $strategy.type "RollingUpdate") (has (toString $rolling.maxSurge) (list "0" "0%")) (has (toString $rolling.maxUnavailable) (list "0" "0%")) -}}
{{- $problems = append $problems (printf "%supdateStrategy.rollingUpdate has maxSurge and maxUnavailable 0: no pod could ever be replaced" $part) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $problems | toJson -}}
{{- end -}}
