{{/* Names. They depend on the release and the values alone, so that the same values give the same objects. */}}
{{- define "slipway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "slipway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "slipway.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What pods are selected by. It never changes, since selectors of Deployments cannot. Takes root and component. */}}
{{- define "slipway.selector" -}}
app.kubernetes.io/name: {{ include "slipway.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "slipway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "slipway.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: slipway
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "slipway.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "slipway.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if $account.create -}}
{{- printf "%s-%s" (include "slipway.fullname" .root) .component -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{/* Whether a process speaks to the API server of this cluster as its own service account. */}}
{{- define "slipway.usesToken" -}}
{{- if and (has .component (list "dispatcher" "worker")) .root.Values.cluster.name }}true{{ else }}false{{ end -}}
{{- end -}}

{{- define "slipway.hasDoctor" -}}
{{- if and .Values.doctor.enabled .Values.cluster.name (not .Values.accessOnly) }}true{{ else }}false{{ end -}}
{{- end -}}

{{- define "slipway.podSecurityContext" -}}
runAsNonRoot: true
{{- range $key := list "runAsUser" "runAsGroup" "fsGroup" }}
{{- $value := index $.Values.podSecurity $key }}
{{- if not (kindIs "invalid" $value) }}
{{ $key }}: {{ int64 $value }}
{{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "slipway.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The end of every pod's specification that is the same for all. */}}
{{- define "slipway.podBasics" -}}
# Variables for Services would begin with SLIPWAY_, as settings do.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  {{- include "slipway.podSecurityContext" . | nindent 2 }}
{{- end -}}

{{/* The places where secrets are mounted, as environment. Takes root and whether the broker is among them. */}}
{{- define "slipway.addressEnv" -}}
- name: SLIPWAY_POSTGRES_URL_FILE
  value: /etc/slipway/postgres/url
{{- if .broker }}
- name: SLIPWAY_AMQP_URL_FILE
  value: /etc/slipway/amqp/url
{{- end }}
{{- end -}}

{{- define "slipway.addressMounts" -}}
- name: postgres
  mountPath: /etc/slipway/postgres
  readOnly: true
{{- if .broker }}
- name: amqp
  mountPath: /etc/slipway/amqp
  readOnly: true
{{- end }}
- name: tmp
  mountPath: /tmp
{{- end -}}

{{- define "slipway.addressVolumes" -}}
{{ include "slipway.secretVolume" (dict "name" "postgres" "secret" .root.Values.postgres.existingSecret "items" (dict .root.Values.postgres.key "url")) }}
{{- if .broker }}
{{ include "slipway.secretVolume" (dict "name" "amqp" "secret" .root.Values.amqp.existingSecret "items" (dict .root.Values.amqp.key "url")) }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- end -}}

{{- define "slipway.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret | quote }}
    defaultMode: 0440
    {{- with .items }}
    items:
      {{- range $key, $path := . }}
      - key: {{ $key | quote }}
        path: {{ $path }}
      {{- end }}
    {{- end }}
{{- end -}}

{{/* The settings of a process as YAML: what the chart decides, the common ones over it, its own over these. */}}
{{- define "slipway.config" -}}
{{- $values := .root.Values -}}
{{- $config := dict "log" (dict "format" "json") "http" (dict "listen" (printf "%s:9090" $values.listenHost)) "amqp" (dict "prefix" $values.amqp.prefix) -}}
{{- if eq .component "api" -}}
{{- $api := dict "listen" (printf "%s:8080" $values.listenHost) "authentication" "required" -}}
{{- with $values.api.publicURL }}{{ $_ := set $api "public_url" . }}{{ end -}}
{{- if $values.api.identity.existingSecret }}{{ $_ := set $api "identity_file" (printf "/etc/slipway/identity/%s" $values.api.identity.key) }}{{ end -}}
{{- $_ := set $config "api" $api -}}
{{- else -}}
{{- $_ := set $config "cluster" (dict "name" $values.cluster.name) -}}
{{- $_ := set $config "lease" (dict "time_to_live" $values.lease.timeToLive "heartbeat" $values.lease.heartbeat "margin" $values.lease.margin) -}}
{{- end -}}
{{- if and $values.cluster.kubeconfigSecret (has .component (list "dispatcher" "worker")) -}}
{{- $_ := set $config "kubernetes" (dict "kubeconfig_folder" "/etc/slipway/kubeconfigs") -}}
{{- end -}}
{{- if and $values.objectStorage.enabled (has .component (list "api" "scheduler")) -}}
{{- $s3 := dict "endpoint" $values.objectStorage.endpoint "bucket" $values.objectStorage.bucket "prefix" $values.objectStorage.prefix "region" $values.objectStorage.region -}}
{{- $logs := dict "s3" $s3 -}}
{{- if eq .component "scheduler" }}{{ $_ := set $logs "storage" "s3" }}{{ end -}}
{{- $_ := set $config "logs" $logs -}}
{{- end -}}
{{- if and $values.webhooks.keys (eq .component "scheduler") -}}
{{- $_ := set $config "webhooks" (dict "keys_folder" "/etc/slipway/webhook-keys") -}}
{{- end -}}
{{- $config = mergeOverwrite $config (deepCopy $values.config) (deepCopy (index $values .component).config) -}}
{{ toYaml $config }}
{{- end -}}

{{/* The namespaces of teams. */}}
{{- define "slipway.teamNamespace" -}}
{{- .namespace | default .name -}}
{{- end -}}

{{/* Peers of a network policy with ports. Takes peers (perhaps none: anywhere), ports, and which side. */}}
{{- define "slipway.networkRule" -}}
- ports:
    {{- range .ports }}
    - protocol: TCP
      port: {{ int . }}
    {{- end }}
  {{- with .peers }}
  {{ $.side }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "slipway.dnsRule" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
  {{- with . }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
