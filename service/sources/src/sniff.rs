//! Which format a report has, by its content: names of files are only hints.

use assay_core::named;

named! {
    /// The report formats that can be read, by the name that `--format` takes.
    pub enum Format {
        /// `trivy image|fs|repo|config -f json`.
        TrivyJson = "trivy-json",
        /// `trivy k8s -f json`, both shapes.
        TrivyK8sJson = "trivy-k8s-json",
        /// Custom resources of trivy-operator, as YAML or JSON, alone or in a list.
        TrivyOperator = "trivy-operator-cr",
        /// `grype -o json`.
        GrypeJson = "grype-json",
        /// `kubescape scan --format json`.
        KubescapeJson = "kubescape-json",
        /// `kube-bench --json`.
        KubeBenchJson = "kube-bench-json",
        /// SARIF 2.1.0.
        Sarif = "sarif",
        /// CycloneDX, JSON.
        CycloneDxJson = "cyclonedx-json",
        /// CycloneDX, XML.
        CycloneDxXml = "cyclonedx-xml",
        /// SPDX 2.x, JSON.
        SpdxJson = "spdx-json",
        /// OpenVEX.
        OpenVex = "openvex",
        /// Batches of Assay's own agent, one JSON object a line.
        SensorBatches = "sensor-batches",
    }
}
